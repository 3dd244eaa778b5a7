/** A span's kind as a shape, on its service's colour: requests come in and go out, messages are sent and received. */
import type { SpanKind } from 'rustok-lens/contract'

/** Paths in a square of 14, stroked with 1.5. */
export const KIND_SHAPES: Readonly<Record<SpanKind, string>> = {
  server: 'M2.5 7h5.3M5.6 4.6 8 7 5.6 9.4M10.8 3.2v7.6',
  client: 'M3.2 3.2v7.6M6 7h5.3M9.1 4.6 11.5 7 9.1 9.4',
  producer: 'M3.6 10.4 10 4M5.4 4H10v4.6',
  consumer: 'M10.4 3.6 4 10M4 5.4V10h4.6',
  internal: 'M7 5.6a1.4 1.4 0 1 1 0 2.8 1.4 1.4 0 0 1 0-2.8',
  unspecified: 'M5 7h4',
}

export const KIND_NAMES: Readonly<Record<SpanKind, string>> = {
  server: 'server: answers a request',
  client: 'client: makes a request',
  producer: 'producer: sends a message',
  consumer: 'consumer: handles a message',
  internal: 'internal',
  unspecified: 'kind not given',
}

export function KindIcon({ kind, color }: { readonly kind: SpanKind; readonly color: string }) {
  return (
    <svg
      className="kind-icon"
      width="14"
      height="14"
      viewBox="0 0 14 14"
      aria-hidden="true"
      focusable="false"
    >
      <rect width="14" height="14" rx="3" fill={color} />
      <path
        d={KIND_SHAPES[kind]}
        fill="none"
        stroke="var(--surface)"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
