/** A node's mark and name: a service by its colour, others by what they are. */
import type { MapNode } from 'rustok-lens/contract'
import { services } from '../model/service-palette.ts'
import { Text } from '../ui/Text.tsx'

const MARKS = {
  database:
    'M3 4c0-1.2 2.2-2 5-2s5 .8 5 2v8c0 1.2-2.2 2-5 2s-5-.8-5-2zM3 4c0 1.2 2.2 2 5 2s5-.8 5-2M3 8c0 1.2 2.2 2 5 2s5-.8 5-2',
  queue: 'M2 4h12v8H2zM6 4v8M10 4v8',
  host: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M2 8h12M8 2c2 1.8 2.6 3.8 2.6 6S10 12.2 8 14c-2-1.800-2.600-3.800-2.600-6S6 3.800 8 2',
} as const

export const KINDS = { service: 'service', database: 'database', queue: 'queue', host: 'host' } as const

export function NodeName({ node: { kind, name } }: { readonly node: Pick<MapNode, 'kind' | 'name'> }) {
  return (
    <span className="node-name">
      {kind === 'service' ? (
        <span className="service-dot" style={{ background: services.colorOf(name) }} />
      ) : (
        <svg
          className="node-mark"
          viewBox="0 0 16 16"
          width={13}
          height={13}
          role="img"
          aria-label={KINDS[kind]}
        >
          <path d={MARKS[kind]} fill="none" stroke="currentColor" strokeWidth={1.3} />
        </svg>
      )}
      <span className="truncate">
        <Text>{name}</Text>
      </span>
    </span>
  )
}
