/** A search, handed on: to a colleague, to a shell, to a script. */
import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { fetchJson } from '../api/client.ts'
import { resultsAddress } from '../api/search.ts'
import { sessionOptions } from '../api/session.ts'
import { curlCommand, withTimes } from '../model/copied.ts'
import { searchLink } from '../model/links.ts'
import { describeRange, rangeInWords, type SearchState } from '../model/search-state.ts'
import { CopyAs, type CopyWay } from '../ui/CopyAs.tsx'

export interface CopySearchProps {
  readonly state: SearchState
  /** When what is shown was asked, in Unix milliseconds. */
  readonly askedAt: number
}

export function CopySearch({ state, askedAt }: CopySearchProps) {
  const router = useRouter()
  const login = useQuery(sessionOptions).data?.who?.login === true
  const link = (search: SearchState) =>
    new URL(router.buildLocation(searchLink(search)).href, location.origin).href
  const isRelative = state.start === undefined
  const ways: CopyWay[] = [
    {
      name: 'link',
      what: isRelative ? `To ${rangeInWords(state)}, whenever it is opened` : 'To these traces',
      text: () => link(state),
    },
    ...(isRelative
      ? [
          {
            name: 'link with times',
            what: `To ${describeRange(withTimes(state, askedAt), askedAt)}, as it is shown now`,
            text: () => link(withTimes(state, askedAt)),
          },
        ]
      : []),
    {
      name: 'curl',
      what: login ? 'Asks the API; takes a token from $LENS_TOKEN' : 'Asks the API the same',
      text: () => curlCommand(location.origin + resultsAddress(state), { login }),
    },
    {
      name: 'JSON',
      what: "The API's answer: its first page, with how to ask for the next",
      text: async () =>
        JSON.stringify(await fetchJson(resultsAddress(state), AbortSignal.timeout(30_000)), null, 2),
    },
  ]
  return <CopyAs ways={ways} />
}
