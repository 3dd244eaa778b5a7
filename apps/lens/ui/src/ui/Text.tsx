/**
 * Text from strangers: isolated, so that its direction cannot rearrange what stands beside it, and cut where it would
 * break a layout. Names of spans may be empty or 10 kB long.
 */
const LONGEST = 300

export function Text({ children, whole = false }: { readonly children: string; readonly whole?: boolean }) {
  if (children === '') return <span className="muted">(empty)</span>
  const cut = !whole && children.length > LONGEST
  return <bdi>{cut ? `${children.slice(0, LONGEST)}…` : children}</bdi>
}
