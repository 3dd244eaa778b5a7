/** In words, whether one span has to meet all conditions or the spans of a trace together; and the way to the other. */
import { useNavigate } from '@tanstack/react-router'
import { searchLink } from '../model/links.ts'
import { searchScope } from '../model/search-scope.ts'
import type { SearchState } from '../model/search-state.ts'

export function ScopeLine({ state }: { readonly state: SearchState }) {
  const navigate = useNavigate()
  const { kind, words, oneSpan, wholeTrace } = searchScope(state)
  if (kind === 'none') return undefined
  const go = (search: SearchState) => void navigate({ ...searchLink(search), resetScroll: false })
  return (
    <p className="scope-line">
      <span>{words}.</span>
      {wholeTrace !== undefined && (
        <button type="button" className="button quiet small" onClick={() => go(wholeTrace)}>
          Let several spans meet them
        </button>
      )}
      {oneSpan !== undefined && (
        <button type="button" className="button quiet small" onClick={() => go(oneSpan)}>
          Ask for one span that meets all
        </button>
      )}
    </p>
  )
}
