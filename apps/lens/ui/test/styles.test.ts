/** Pages are loaded one after the other, and their styles stay: a class that two files style is one page's over another's. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const source = path.join(import.meta.dirname, '../src')

/** What rules are about: the class that each selector begins with, outside of other rules. */
function leadingClasses(css: string): readonly string[] {
  const flat = css.replaceAll(/\/\*.*?\*\//gs, '').replaceAll(/@media[^{]*\{/g, '@{')
  const classes: string[] = []
  let depth = 0
  let selector = ''
  const within: boolean[] = []
  for (const character of flat) {
    if (character === '{') {
      const isMedia = selector.trim() === '@'
      if (depth === 0 && !isMedia) {
        for (const each of selector.split(',')) classes.push(/^\s*\.([\w-]+)/.exec(each)?.[1] ?? '')
      }
      within.push(isMedia)
      if (!isMedia) depth++
      selector = ''
    } else if (character === '}') {
      if (within.pop() === false) depth--
      selector = ''
    } else if (character === ';') selector = ''
    else selector += character
  }
  return classes.filter((name) => name !== '')
}

test('no class is styled by two files, whose pages would disturb each other', () => {
  const owners = new Map<string, Set<string>>()
  for (const file of globSync('**/*.css', { cwd: source })) {
    for (const name of leadingClasses(readFileSync(path.join(source, file), 'utf8'))) {
      owners.set(name, (owners.get(name) ?? new Set()).add(file))
    }
  }
  assert.ok(owners.size > 100)
  const shared = [...owners].filter(([, files]) => files.size > 1).map(([name, files]) => [name, ...files])
  assert.deepEqual(shared, [])
})
