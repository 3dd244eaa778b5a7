/** The documentation, held against the repository: links lead somewhere, the commands it shows exist, and its index has every page. */
import { posix } from 'node:path'
import { anchorsOf, linksOf } from './markdown.ts'
import { isInside, manifestsOf, type SourceTree } from './source-tree.ts'
import { type Fault, resultOf, type StepResult } from './step.ts'

export function checkDocs(tree: SourceTree): StepResult {
  return resultOf(docFaults(tree))
}

export function docFaults(tree: SourceTree): readonly Fault[] {
  const pages = tree.files.filter((file) => file.endsWith('.md'))
  return [
    ...pages.flatMap((file) => [...deadLinks(tree, file), ...unknownCommands(tree, file)]),
    ...unlisted(tree, pages),
  ]
}

const index = 'docs/README.md'

/** A page that the index does not have is found by nobody. */
function unlisted(tree: SourceTree, pages: readonly string[]): readonly Fault[] {
  if (!pages.includes(index)) return []
  const listed = new Set(
    linksOf(tree.read(index)).map(({ target }) => resolveLink(index, target.split('#')[0]!)),
  )
  return pages
    .filter((page) => page.startsWith('docs/') && page !== index && !listed.has(page))
    .map((file) => ({ file, line: 1, rule: 'index', message: `${index} has no link to it: add one` }))
}

function deadLinks(tree: SourceTree, page: string): readonly Fault[] {
  return linksOf(tree.read(page)).flatMap(({ target, line }) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return []
    const fault = (message: string): Fault[] => [{ file: page, line, rule: 'link', message }]
    const [path = '', fragment] = target.split('#')
    const linked = path === '' ? page : resolveLink(page, decodeURI(path))
    const exists = tree.files.some((file) => isInside(file, linked))
    if (!exists) return fault(`'${target}' leads nowhere: there is no ${linked}`)
    if (fragment === undefined || !linked.endsWith('.md')) return []
    if (anchorsOf(tree.read(linked)).has(fragment)) return []
    return fault(`'${target}' leads nowhere: ${linked} has no heading '#${fragment}'`)
  })
}

/** A leading slash means the root of the repository, as GitHub has it. */
function resolveLink(page: string, path: string): string {
  const joined = path.startsWith('/') ? posix.normalize(path.slice(1)) : posix.join(posix.dirname(page), path)
  return joined.replace(/^\.?\/?$/, '').replace(/\/$/, '')
}

/** `npm run x`, `npm start`, `npm test`, each perhaps with `-w workspace`. */
function unknownCommands(tree: SourceTree, page: string): readonly Fault[] {
  const manifests = manifestsOf(tree)
  const lines = tree.read(page).split('\n')
  return lines.flatMap((text, index) =>
    [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)([^`|;&]*)/g)].flatMap(
      ([, run, short, rest = '']) => {
        const script = run ?? short ?? ''
        const workspace = /(?:-w|--workspace)[ =](\S+)/.exec(rest)?.[1]
        const manifest = manifests.find(({ name, folder }) =>
          workspace === undefined ? folder === '' : name === workspace || folder === workspace,
        )
        if (manifest?.scripts.has(script)) return []
        const where = posix.join(manifest?.folder ?? workspace ?? '', 'package.json')
        const message = `there is no script '${script}' in ${where}: mend the page, or add the script`
        return [{ file: page, line: index + 1, rule: 'command', message }]
      },
    ),
  )
}
