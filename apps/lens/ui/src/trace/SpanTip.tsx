/** What a row is about, beside the pointer. Nothing in it that the row and the panel do not also say to a keyboard. */
import { useLayoutEffect, useRef } from 'react'
import { formatDuration } from '../model/duration.ts'
import { services } from '../model/service-palette.ts'
import { spanHint } from '../model/span-hint.ts'
import type { TraceModel } from '../model/trace-model.ts'
import { Text } from '../ui/Text.tsx'
import { KIND_NAMES } from './KindIcon.tsx'

export interface SpanTipProps {
  readonly model: TraceModel
  readonly span: number
  readonly x: number
  readonly y: number
}

export function SpanTip({ model, span, x, y }: SpanTipProps) {
  const tip = useRef<HTMLDivElement>(null)
  const { times, self } = model
  const view = model.spans[span]!
  const hint = spanHint(view)
  const service = model.services[model.service[span]!]!.name
  useLayoutEffect(() => {
    const element = tip.current
    if (element === null) return
    const { offsetWidth, offsetHeight } = element
    element.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - offsetWidth - 8))}px`
    element.style.top = `${y + 18 + offsetHeight > innerHeight ? y - offsetHeight - 10 : y + 18}px`
  }, [x, y])
  return (
    <div ref={tip} className="span-tip" role="presentation" aria-hidden="true">
      <p className="span-tip-name">
        <Text>{view.name}</Text>{' '}
        {hint !== '' && (
          <span className="span-tip-hint">
            <Text>{hint}</Text>
          </span>
        )}
      </p>
      <p className="span-tip-service">
        <span className="service-dot" style={{ background: services.colorOf(service) }} />
        <Text>{service}</Text>
        <span className="muted">{KIND_NAMES[view.kind]}</span>
      </p>
      <dl>
        <dt>Starts at</dt>
        <dd>+{formatDuration(times.start[span]!)}</dd>
        <dt>Duration</dt>
        <dd>{formatDuration(times.duration[span]!)}</dd>
        <dt>Self time</dt>
        <dd>{formatDuration(self[span]!)}</dd>
      </dl>
      {view.message !== '' && (
        <p className={model.failed[span] === 1 ? 'span-tip-error' : 'muted'}>
          <Text>{view.message.slice(0, 240)}</Text>
        </p>
      )}
    </div>
  )
}
