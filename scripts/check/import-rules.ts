/**
 * Who may import whom: the table of DESIGN.md as an allowlist, and the check that `npm run check` runs over every import. What
 * the table does not allow is a fault.
 */
import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { type Import, importsOf } from './imports.ts'
import { isInside, type Manifest, manifestsOf, type SourceTree } from './source-tree.ts'
import { type Fault, resultOf, type StepResult } from './step.ts'

interface Layer {
  readonly folder: string
  /** The workspaces' packages that its product code may import. */
  readonly may: readonly string[]
  /** Packages from outside; `declared` stands for all that its package.json lists as its users' dependencies. */
  readonly external: readonly string[] | 'declared'
  /** Entries of which only types may be imported. */
  readonly typesOf?: readonly string[]
  /** Imports that one file alone may make, and why. */
  readonly except?: readonly { readonly file: string; readonly may: string; readonly because: string }[]
}

const layers: readonly Layer[] = [
  { folder: 'packages/otlp', may: [], external: [] },
  {
    folder: 'packages/telemetry',
    may: ['@rustok/otlp'],
    external: ['@opentelemetry/api', 'yaml'],
    // Its users bring these; it names their types where it subscribes to them.
    typesOf: ['fastify', 'graphql', 'kysely'],
  },
  { folder: 'apps/server', may: ['@rustok/telemetry'], external: 'declared' },
  {
    folder: 'apps/lens',
    may: ['@rustok/otlp'],
    external: 'declared',
    except: [{ file: 'src/main.ts', may: '@rustok/telemetry', because: 'Lens traces itself, when told to' }],
  },
  { folder: 'apps/lens/ui', may: [], external: 'declared', typesOf: ['rustok-lens/contract'] },
  {
    folder: 'bench',
    may: ['@rustok/otlp', '@rustok/telemetry'],
    external: 'declared',
    typesOf: ['rustok-lens/contract'],
  },
  {
    folder: 'e2e',
    may: ['@rustok/otlp', '@rustok/telemetry'],
    external: 'declared',
    typesOf: ['rustok-lens/contract'],
  },
  { folder: 'examples', may: ['@rustok/telemetry'], external: 'declared', typesOf: ['rustok-lens/contract'] },
  { folder: 'scripts', may: [], external: 'declared', typesOf: ['rustok-lens/contract'] },
]

/** Libraries: whatever a test needs of them, it may have. */
const libraries = ['@rustok/otlp', '@rustok/telemetry']

/** Folders of tools: nobody installs them, so that all of their code may use development dependencies. */
const tools = ['apps/lens/ui', 'bench', 'e2e', 'examples', 'scripts']

const sourceFile = /\.(ts|tsx|mts|cts|js|mjs|cjs)$/

export function checkImports(tree: SourceTree): StepResult {
  return resultOf(importFaults(tree))
}

export function importFaults(tree: SourceTree): readonly Fault[] {
  const manifests = manifestsOf(tree)
  return tree.files
    .filter((file) => sourceFile.test(file))
    .flatMap((file) => {
      const layer = layerOf(file)
      if (layer === undefined) {
        const message =
          'this folder has no row in scripts/check/import-rules.ts: add one that says what it may import'
        return [{ file, line: 1, rule: 'layer', message }]
      }
      const { imports, syntaxError } = importsOf(file, tree.read(file))
      if (syntaxError !== undefined)
        return [{ file, line: syntaxError.line, rule: 'syntax', message: syntaxError.message }]
      const importer = new Importer(file, layer, manifests)
      return imports.flatMap((found) => {
        const broken = importer.judge(found)
        return broken === undefined ? [] : [{ file, line: found.line, ...broken }]
      })
    })
}

/** The longest folder wins: the UI lies inside Lens. */
function layerOf(file: string): Layer | undefined {
  return layers
    .filter(({ folder }) => isInside(file, folder))
    .sort((a, b) => b.folder.length - a.folder.length)[0]
}

type Broken = Pick<Fault, 'rule' | 'message'>

/** One source file, as the rules see it. */
class Importer {
  readonly #file: string
  readonly #layer: Layer
  readonly #manifests: readonly Manifest[]
  readonly #own: Manifest
  readonly #isProduct: boolean

  constructor(file: string, layer: Layer, manifests: readonly Manifest[]) {
    this.#file = file
    this.#layer = layer
    this.#manifests = manifests
    const own = manifests.find(({ folder }) => isInside(file, folder))
    if (own === undefined) throw new Error(`${file} belongs to no package.json`)
    this.#own = own
    this.#isProduct = isInside(file, `${layer.folder}/src`)
  }

  judge({ specifier, typeOnly }: Import): Broken | undefined {
    if (specifier === undefined) {
      return { rule: 'computed', message: 'what is imported is only known at run time: name it in a string' }
    }
    if (specifier.startsWith('.')) return this.#judgePath(specifier)
    if (specifier.startsWith('/') || specifier.startsWith('file:')) {
      return {
        rule: 'private-path',
        message: `'${specifier}' is absolute: import by package name or relative path`,
      }
    }
    if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return undefined
    const name = packageName(specifier)
    if (name === this.#own.name) return undefined
    const workspace = this.#manifests.find((manifest) => manifest.name === name)
    return workspace === undefined
      ? this.#judgeExternal(name, typeOnly)
      : this.#judgeWorkspace(specifier, workspace, typeOnly)
  }

  #judgePath(specifier: string): Broken | undefined {
    const target = posix.join(posix.dirname(this.#file), specifier)
    const folder = this.#layer.folder
    if (!isInside(target, folder) || layerOf(target)?.folder !== folder) {
      return {
        rule: 'private-path',
        message: `'${specifier}' leaves ${folder}: import the other part by its package name`,
      }
    }
    if (this.#isProduct && isInside(target, `${folder}/test`)) {
      return { rule: 'test-code', message: `'${specifier}' is test code: product code does not depend on it` }
    }
    return undefined
  }

  #judgeWorkspace(specifier: string, target: Manifest, typeOnly: boolean): Broken | undefined {
    const { folder, may, typesOf = [], except = [] } = this.#layer
    if (typesOf.includes(specifier)) {
      return typeOnly
        ? undefined
        : { rule: 'types-only', message: `only types of '${specifier}' may be imported here` }
    }
    const excepted = except.some(({ file, may }) => may === target.name && this.#file === `${folder}/${file}`)
    const allowed =
      may.includes(target.name) || excepted || (!this.#isProduct && libraries.includes(target.name))
    if (!allowed) return { rule: 'layer', message: this.#forbidden(target, except) }
    const entry = `.${specifier.slice(target.name.length)}`
    if (!target.entries.has(entry)) {
      const entries = [...target.entries].map((key) => `'${target.name}${key.slice(1)}'`).join(', ')
      return {
        rule: 'public-entry',
        message: `'${specifier}' is no public entry of ${target.name}: use ${entries}`,
      }
    }
    return this.#judgeDeclared(target.name)
  }

  #forbidden(target: Manifest, except: NonNullable<Layer['except']>): string {
    const elsewhere = except.find(({ may }) => may === target.name)
    if (elsewhere !== undefined) {
      return `only ${elsewhere.file} may import '${target.name}' (${elsewhere.because}): pass in what is needed`
    }
    if (isInside(target.folder, 'apps')) {
      return `nobody imports the application '${target.name}': move what both need to packages/, or talk to its API`
    }
    return `${this.#layer.folder} may not import '${target.name}': see the table in scripts/check/import-rules.ts`
  }

  #judgeExternal(name: string, typeOnly: boolean): Broken | undefined {
    const { external, typesOf = [] } = this.#layer
    if (!this.#isProduct || external === 'declared') return this.#judgeDeclared(name)
    if (typesOf.includes(name)) {
      return typeOnly
        ? undefined
        : { rule: 'types-only', message: `only types of '${name}' may be imported here` }
    }
    if (external.includes(name)) return this.#judgeDeclared(name)
    return {
      rule: 'layer',
      message: `${this.#own.name} may not depend on '${name}': see scripts/check/import-rules.ts`,
    }
  }

  #judgeDeclared(name: string): Broken | undefined {
    const { dependencies, devDependencies, folder } = this.#own
    const mayUseDevelopment = !this.#isProduct || tools.includes(this.#layer.folder)
    const types = `@types/${name.replace(/^@(.+)\/(.+)$/, '$1__$2')}`
    if (
      dependencies.has(name) ||
      (mayUseDevelopment && (devDependencies.has(name) || devDependencies.has(types)))
    ) {
      return undefined
    }
    const list = mayUseDevelopment ? 'devDependencies' : 'dependencies'
    const file = posix.join(folder, 'package.json')
    return {
      rule: 'undeclared',
      message: `'${name}' is not among the ${list} of ${file}: npm install it there`,
    }
  }
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}
