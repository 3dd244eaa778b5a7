/** What names a row of a table: a mark for a tenant, a colour for a service, and the name, which leads to its page or its traces. */
import { Link, type LinkProps } from '@tanstack/react-router'
import { services } from '../model/service-palette.ts'
import type { StatRow } from '../model/stat-rows.ts'
import { TenantMark } from './TenantMark.tsx'
import { Text } from './Text.tsx'

export interface StatNameProps {
  readonly row: Pick<StatRow, 'kind' | 'name' | 'scope'>
  readonly to: LinkProps
}

export function StatName({ row: { kind, name, scope }, to }: StatNameProps) {
  const service = kind === 'service' || kind === 'operation' ? scope.service : undefined
  return (
    <span className="stat-name">
      {kind === 'tenant' && <TenantMark tenant={name} />}
      {service !== undefined && (
        <span className="service-dot" title={service} style={{ background: services.colorOf(service) }} />
      )}
      <Link {...to} className="truncate">
        {name === '' ? (
          <span className="muted">{kind === 'tenant' ? 'no tenant' : 'no user'}</span>
        ) : (
          <Text>{name}</Text>
        )}
      </Link>
    </span>
  )
}
