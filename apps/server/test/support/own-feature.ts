/** A copy of the server in which `YOUR_OWN_FEATURE.md` was followed to the letter; used by a test that runs it, and a soak that checks its types. */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const server = fileURLToPath(new URL('../..', import.meta.url))
const root = path.resolve(server, '../..')
const page = readFileSync(path.join(server, 'YOUR_OWN_FEATURE.md'), 'utf8')

/** The blocks of the page, in its order: whole files by their names, and changes of those that are there. */
function followPage(copy: string): { files: string[]; changes: number } {
  const files: string[] = []
  const pattern = /(?:Save this as `([^`]+)`:\n\n)?<!-- unchecked: [^\n]*-->\n```(ts|diff)\n([\s\S]*?)```/g
  let changes = 0
  for (const [, name, language, code = ''] of page.matchAll(pattern)) {
    if (language === 'diff') {
      change(copy, code)
      changes += 1
      continue
    }
    assert.ok(name, `a file without a name: ${code.slice(0, 80)}`)
    mkdirSync(path.dirname(path.join(copy, name)), { recursive: true })
    writeFileSync(path.join(copy, name), code)
    files.push(name)
  }
  return { files, changes }
}

function change(copy: string, diff: string): void {
  const [head = '', ...lines] = diff.trimEnd().split('\n')
  const file = path.join(copy, head.replace('--- ', ''))
  const side = (sign: string) =>
    lines.flatMap((line) => (line.startsWith(sign) || line.startsWith(' ') ? [`${line.slice(1)}\n`] : []))
  const text = readFileSync(file, 'utf8')
  // An empty line that is added may stand without its sign's blank.
  const [before, ...rest] = text.split(side('-').join(''))
  assert.equal(rest.length, 1, `${head}: what is to be changed is there once:\n${diff}`)
  writeFileSync(file, `${before}${side('+').join('')}${rest[0]}`)
}

/** In an empty directory, which becomes a workspace of its own. `files` and `changes` are what the page had to say. */
export function copyServer(workspace: string): { main: string; files: string[]; changes: number } {
  const copy = path.join(workspace, 'apps/server')
  cpSync(path.join(server, 'src'), path.join(copy, 'src'), { recursive: true })
  cpSync(path.join(server, 'package.json'), path.join(copy, 'package.json'))
  for (const file of ['package.json', 'tsconfig.base.json']) {
    cpSync(path.join(root, file), path.join(workspace, file))
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(workspace, 'node_modules'))
  return { main: path.join(copy, 'src/main.ts'), ...followPage(copy) }
}
