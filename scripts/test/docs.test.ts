import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { docFaults } from '../check/docs.ts'
import { linksOf } from '../check/markdown.ts'
import { isInside, readSourceTree } from '../check/source-tree.ts'
import { treeOf } from './source-trees.ts'

const repository = {
  'package.json': JSON.stringify({ name: 'root', scripts: { start: '', test: '', bench: '' } }),
  'apps/ui/package.json': JSON.stringify({ name: 'ui', scripts: { dev: '' } }),
  'docs/guide.md':
    '# A guide\n\n## What `fromEnv()` reads\n\n## Twice\n\n## Twice\n\n<a id="by-hand"></a>\n\n```sh\n# Not a heading\n```\n',
  'src/span.ts': '',
}

/** The messages about README.md, each with its line. */
function faultsOf(readme: string): readonly string[] {
  const faults = docFaults(treeOf({ ...repository, 'README.md': readme }))
  return faults.map(({ file, line, message }) => `${file}:${line} ${message}`)
}

describe('the check of the documentation', () => {
  const fine = [
    '[guide](docs/guide.md)',
    '[guide](/docs/guide.md)',
    '[folder](docs) and [folder](./src/)',
    '[heading](docs/guide.md#what-fromenv-reads)',
    '[second](docs/guide.md#twice-1) and [anchor](docs/guide.md#by-hand)',
    '# Here\n\n[up](#here)',
    '[out](https://example.com/nowhere.md) and [mail](mailto:a@example.com)',
    '[name]: docs/guide.md "A title"',
    '`[not](a-link.md)`',
    '```\n[not](a-link.md)\n```',
    'Run `npm start`, `npm test` or `npm run bench -- --quick`; in the UI, `npm run dev -w ui`.',
  ]
  for (const markdown of fine) {
    it(`passes ${JSON.stringify(markdown)}`, () => assert.deepEqual(faultsOf(markdown), []))
  }

  const wrong = [
    '[gone](docs/gone.md)',
    '![picture](docs/gone.png)',
    '<img src="docs/gone.png">',
    '[name]: docs/gone.md',
    '[heading](docs/guide.md#no-such-heading)',
    '[comment](docs/guide.md#not-a-heading)',
    '[here](#nowhere)',
    'Run `npm run nothing`.',
    '```sh\nnpm run nothing\n```',
    'Run `npm run dev`.',
    'Run `npm run dev -w nowhere`.',
    'Run `npm test -w ui`.',
  ]
  for (const markdown of wrong) {
    it(`refuses ${JSON.stringify(markdown)}`, () => assert.equal(faultsOf(markdown).length, 1))
  }

  it('says where, what and what to do', () => {
    assert.deepEqual(faultsOf('\n[gone](docs/gone.md)\n`npm run nothing`'), [
      "README.md:2 'docs/gone.md' leads nowhere: there is no docs/gone.md",
      "README.md:3 there is no script 'nothing' in package.json: mend the page, or add the script",
    ])
  })

  it('refuses a page that the index of docs/ does not have', () => {
    const faults = (text: string) =>
      docFaults(treeOf({ ...repository, 'docs/README.md': text })).map(({ file }) => file)
    assert.deepEqual(faults('[guide](guide.md#twice)'), [])
    assert.deepEqual(faults('[guide](../package.json)'), ['docs/guide.md'])
  })
})

describe('ARCHITECTURE.md', () => {
  it('has a link to each folder of the sources that data passes through', () => {
    const tree = readSourceTree()
    const linked = linksOf(tree.read('ARCHITECTURE.md')).map(({ target }) => target)
    const folders = new Set(
      tree.files.flatMap(
        (file) => /^(?:packages\/telemetry|apps\/lens|apps\/server)\/src\/[^/]+(?=\/)/.exec(file) ?? [],
      ),
    )
    assert.ok(folders.size > 30)
    const missing = [...folders].filter((folder) => !linked.some((target) => isInside(target, folder)))
    assert.deepEqual(missing, [])
  })
})
