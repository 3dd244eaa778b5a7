/**
 * Traces that no well-behaved system sends: broken trees, hostile text and 100,000 spans. Used by the fixture server and by
 * the browser test: none of them may break a view.
 */
import type { TraceResponse } from 'rustok-lens/contract'
import { Random, TraceBuilder, toAttributes } from './trace-builder.ts'

export const BROKEN_ID = 'b'.repeat(32)
export const HOSTILE_ID = 'e'.repeat(32)
export const HUGE_ID = 'f'.repeat(32)

/** Orphans, a cycle, a self-parent, a clock that is behind, a missing time, two tenants. */
export function brokenTrace(startMillis: number): TraceResponse {
  const t = new TraceBuilder(new Random(7), startMillis, 'velo-republic', 't.novak')
  const root = t.within(undefined, { service: 'storefront', name: 'GET /broken', kind: 'server' }, (open) => {
    t.work(900)
    t.within(open, { service: 'rustok-server', name: 'in order' }, (inOrder) => {
      t.work(4000)
      t.within(inOrder, { service: 'rustok-server', name: 'below it' }, () => t.work(2000))
    })
    t.within(open, { service: 'payments', name: 'clock behind' }, () => t.work(5000))
    t.within(open, { service: 'payments', name: 'no time' }, () => t.work(1000))
    t.within(open, { service: 'rustok-worker', name: 'orphan', kind: 'consumer' }, (orphan) => {
      t.within(orphan, { service: 'rustok-worker', name: 'child of the orphan' }, () => t.work(2500))
    })
    t.within(open, { service: 'mailer', name: 'its own parent' }, () => t.work(1500))
    t.within(open, { service: 'search-index', name: 'cycle A' }, () => t.work(1500))
    t.within(open, { service: 'search-index', name: 'cycle B' }, () => t.work(1500))
  })
  const built = t.build()
  const idOf = (name: string) => built.spans.find((span) => span.name === name)!.spanId
  const spans = built.spans.map((span) => {
    switch (span.name) {
      case 'clock behind':
        return {
          ...span,
          startUnixNano: String(BigInt(root.span.startUnixNano) - 3_000_000n),
          tenant: 'casa-oliva',
        }
      case 'no time':
        return { ...span, startUnixNano: '0', droppedAttributes: 3 }
      case 'orphan':
        return { ...span, parentSpanId: 'dead00000000beef' }
      case 'its own parent':
        return { ...span, parentSpanId: span.spanId }
      case 'cycle A':
        return { ...span, parentSpanId: idOf('cycle B') }
      case 'cycle B':
        return { ...span, parentSpanId: idOf('cycle A') }
      default:
        return span
    }
  })
  return { ...built, traceId: BROKEN_ID, spans }
}

export const HOSTILE_TENANT = '<img src=x onerror=alert(1)>'
export const HOSTILE_USER = '\u202Eresu live'

/** Markup, script links, bidirectional controls, control characters, and names and values of 10 kB. */
export function hostileTrace(startMillis: number): TraceResponse {
  const long = 'a very long name '.repeat(600)
  const t = new TraceBuilder(new Random(9), startMillis, HOSTILE_TENANT, HOSTILE_USER)
  t.within(
    undefined,
    { service: '"><script>alert(2)</script>', name: '<b onmouseover=alert(3)>GET /</b>', kind: 'server' },
    (root) => {
      t.work(2000)
      t.within(root, { service: 'gateway', name: long, attributes: { [long]: long } }, () => t.work(1000))
      t.within(root, { service: '', name: '' }, () => t.work(500))
      t.within(
        root,
        { service: 'x'.repeat(10_000), name: 'مرحبا \u202Etxt.exe\u202C \u2067rtl', kind: 'client' },
        (open) => {
          open.span.attributes = toAttributes({
            __proto__: 'not a prototype',
            constructor: 'not a function',
            html: '<script>alert(4)</script>',
            'link.script': 'javascript:alert(5)',
            'link.data': 'data:text/html,<script>alert(6)</script>',
            'link.good': 'https://example.com/a?b=c',
            'text.nul': 'before\u0000after \u001B[31mred\u001B[0m',
            'text.unbroken': 'w'.repeat(10_000),
            'bytes.like': [1, 2, [3, { deep: '<i>x</i>' }]],
            'int.big': '9223372036854775807',
            empty: null,
          })
          t.event(open, '<style>*{display:none}</style>', { note: '\u202Egnp.exe' })
          t.link(open, 'javascript:alert(7)', '../../..')
          t.fail(open, `<svg onload=alert(8)> ${'failure '.repeat(400)}`, {
            type: '<u>Error</u>',
            stack: '    at <anonymous>\n'.repeat(60),
          })
          t.work(1500)
        },
      )
    },
  )
  return { ...t.build(), traceId: HOSTILE_ID }
}

/** `count` spans: batches of pages of rows, with an error now and then. */
export function hugeTrace(startMillis: number, count: number): TraceResponse {
  const t = new TraceBuilder(new Random(11), startMillis, 'nordlicht-books', 'svc-import')
  t.within(undefined, { service: 'rustok-worker', name: 'nightly import', kind: 'consumer' }, (root) => {
    let made = 1
    for (let batch = 0; made < count; batch++) {
      t.within(root, { service: 'rustok-worker', name: `batch ${batch}` }, (open) => {
        made++
        for (let row = 0; row < 199 && made < count; row++) {
          const parts =
            row % 3 === 0
              ? { service: 'search-index', name: 'index document', kind: 'client' as const }
              : { service: 'rustok-server', name: 'UPSERT product', kind: 'client' as const }
          t.within(open, parts, (span) => {
            made++
            t.work(90)
            if (made % 9973 === 0) t.fail(span, 'version conflict')
          })
        }
      })
    }
  })
  return { ...t.build(), traceId: HUGE_ID }
}
