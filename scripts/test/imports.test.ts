import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { importsOf } from '../check/imports.ts'

/** What is imported by the only import of a source. */
function only(source: string): { specifier: string | undefined; typeOnly: boolean } {
  const { imports } = importsOf('source.ts', source)
  assert.equal(imports.length, 1, `${imports.length} imports in: ${source}`)
  const { specifier, typeOnly } = imports[0]!
  return { specifier, typeOnly }
}

describe('importsOf', () => {
  const values = [
    `import a from 'x'`,
    `import * as a from 'x'`,
    `import { a } from 'x'`,
    `import { type A, a } from 'x'`,
    `import 'x'`,
    `import {} from 'x'`,
    `export { a } from 'x'`,
    `export * from 'x'`,
    `export * as a from 'x'`,
    `const a = await import('x')`,
    'const a = await import(`x`)',
    `import('x').then(({ a }) => a)`,
    `const a = require('x')`,
    `const a = require.resolve('x')`,
    `const a = import.meta.resolve('x')`,
    `import a = require('x')`,
    `import a from 'x' with { type: 'json' }`,
  ]
  for (const source of values) {
    it(`finds a value in ${source}`, () => {
      assert.deepEqual(only(source), { specifier: 'x', typeOnly: false })
    })
  }

  const types = [
    `import type A from 'x'`,
    `import type { A } from 'x'`,
    `import { type A, type B } from 'x'`,
    `export type { A } from 'x'`,
    `export { type A } from 'x'`,
    `export type * from 'x'`,
    `let a: import('x').A`,
    `let a: typeof import('x')`,
  ]
  for (const source of types) {
    it(`finds a type in ${source}`, () => {
      assert.deepEqual(only(source), { specifier: 'x', typeOnly: true })
    })
  }

  it('reports an import that is computed at run time', () => {
    assert.deepEqual(only(`await import('./plugins/' + name)`), { specifier: undefined, typeOnly: false })
    assert.deepEqual(only('require(name)'), { specifier: undefined, typeOnly: false })
  })

  it('is not misled by text that looks like an import', () => {
    const source = `// import a from 'x'\nconst s = "import b from 'x'"\npath.resolve('x')\nconst t = \`import('x')\``
    assert.deepEqual(importsOf('source.ts', source).imports, [])
  })

  it('reads JSX and tells the line', () => {
    const source = `\nconst lazy = () => <Suspense>{lazily(() => import('x'))}</Suspense>`
    assert.deepEqual(importsOf('source.tsx', source).imports, [{ specifier: 'x', typeOnly: false, line: 2 }])
  })

  it('says where a source does not parse', () => {
    assert.equal(importsOf('source.ts', `const a = 1\nconst = 2`).syntaxError?.line, 2)
  })
})
