/** The product's icons, drawn on a grid of 16 with a line of 1.5: one component, so that they share weight and size. */
const PATHS = {
  search: 'M7 2.75a4.25 4.25 0 1 1 0 8.5 4.25 4.25 0 0 1 0-8.5M10.2 10.2l3.3 3.3',
  chevron: 'M5.5 3.5 10 8l-4.5 4.5',
  down: 'M4 6.25 8 10.25l4-4',
  cross: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.75 5.75h7v7h-7zM3.25 10.25v-7h7',
  check: 'M3 8.5 6.5 12 13 4.5',
  refresh: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3',
  link: 'M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.9.9M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.9-.9',
  warning: 'M8 2.5 14.25 13.25H1.75zM8 6.5v3M8 11.2v.3',
  error: 'M8 1.75a6.25 6.25 0 1 1 0 12.5 6.25 6.25 0 0 1 0-12.5M8 4.75v4M8 10.9v.35',
  back: 'M9.5 3.5 5 8l4.5 4.5',
  sun: 'M8 5.25a2.75 2.75 0 1 1 0 5.5 2.75 2.75 0 0 1 0-5.5M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3.05 3.05 4.1 4.1M11.9 11.9l1.05 1.05M3.05 12.95 4.1 11.9M11.9 4.1l1.05-1.05',
  moon: 'M13.25 9.6A5.75 5.75 0 0 1 6.4 2.75a5.75 5.75 0 1 0 6.85 6.85',
  auto: 'M8 2.25a5.75 5.75 0 1 1 0 11.5 5.75 5.75 0 0 1 0-11.5M8 2.5v11M10.5 4v8',
  expand: 'M8 2.5v4M6 4.75l2 2 2-2M8 13.5v-4M6 11.25l2-2 2 2',
  unfold: 'M8 6.5v-4M6 4.5l2-2 2 2M8 9.5v4M6 11.5l2 2 2-2',
  external: 'M6.5 3.5h-3v9h9v-3M9 2.75h4.25V7M13 3 7.5 8.5',
  braces:
    'M6 2.5c-2 0-2 .8-2 2.5S4 7.5 2.5 8C4 8.5 4 9.3 4 11s0 2.5 2 2.5M10 2.5c2 0 2 .8 2 2.5s0 2.5 1.5 3C12 8.5 12 9.3 12 11s0 2.5-2 2.5',
  person:
    'M8 2.5a2.75 2.75 0 1 1 0 5.5 2.75 2.75 0 0 1 0-5.5M2.75 13.5c.5-2.3 2.6-3.5 5.25-3.5s4.75 1.2 5.25 3.5',
  exclude: 'M8 2.25a5.75 5.75 0 1 1 0 11.5 5.75 5.75 0 0 1 0-11.5M5 8h6',
  compare: 'M3 13.25V7M6.25 13.25V9.5M9.75 13.25V2.75M13 13.25V6',
  filter: 'M2.5 4h11M4.5 8h7M6.5 12h3',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name, size = 14 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
