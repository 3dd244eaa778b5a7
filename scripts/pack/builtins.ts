/**
 * Node's own modules, as what is published gets them: by `process.getBuiltinModule`, which hands out what Node has loaded already. An `import`
 * makes a module record with every export of it, which loads what hides behind getters: streams behind `fs`, web crypto behind `crypto`.
 */
import type { Plugin } from 'rolldown'

const prefix = '\0builtin:'

export function builtinsWithoutImports(): Plugin {
  return {
    name: 'builtins-without-imports',
    resolveId: (id) => (id.startsWith('node:') ? `${prefix}${id}` : undefined),
    load(id) {
      if (!id.startsWith(prefix)) return undefined
      const name = id.slice(prefix.length)
      const names = Object.keys(process.getBuiltinModule(name) ?? {}).filter((key) =>
        /^[A-Za-z_$][\w$]*$/.test(key),
      )
      const exports = names.map((key) => (key === 'default' ? '' : `export const ${key} = builtin.${key}\n`))
      // What nobody imports is shaken off; reading a property of a builtin does nothing else.
      return `const builtin = process.getBuiltinModule(${JSON.stringify(name)})\n${exports.join('')}export default builtin\n`
    },
  }
}
