/** A state without a list: what it is, why, and what to do next. */
import type { ReactNode } from 'react'
import { Icon, type IconName } from '../ui/Icon.tsx'
import './Notice.css'

export interface NoticeProps {
  readonly icon: IconName
  readonly tone?: 'error'
  readonly title: string
  readonly children: ReactNode
  readonly actions?: ReactNode
}

export function Notice({ icon, tone, title, children, actions }: NoticeProps) {
  return (
    <section className="notice" data-tone={tone} role={tone === 'error' ? 'alert' : 'status'}>
      <Icon name={icon} size={22} />
      <div>
        <h2>{title}</h2>
        {children}
        {actions !== undefined && <div className="notice-actions">{actions}</div>}
      </div>
    </section>
  )
}
