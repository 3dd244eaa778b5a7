/** Builds the UI into dist, which Lens serves under a content security policy of its own origin alone. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const fonts = {
  'font:sans': '@fontsource-variable/ibm-plex-sans/files/ibm-plex-sans-latin-wdth-normal.woff2',
  'font:mono': '@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-400-normal.woff2',
  'font:mono-bold': '@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-600-normal.woff2',
}

/** Of each address, the module that router.tsx loads. */
const pages = {
  '/': '/home/HomePage.tsx',
  '/search': '/search/SearchPage.tsx',
  '/trace/*': '/trace/TracePage.tsx',
  '/why': '/why/WhyPage.tsx',
  '/diff/*': '/diff/DiffWithPage.tsx',
  '/diff/*/*': '/diff/DiffPage.tsx',
  '/map': '/map/MapPage.tsx',
  '/tenants': '/tenants/TenantsPage.tsx',
  '/tenants/*': '/tenants/TenantPage.tsx',
  '/tenants/*/users/*': '/tenants/UserPage.tsx',
}

export default defineConfig({
  plugins: [react(), head('src/boot/theme.js', 'src/boot/early.js')],
  publicDir: false,
  resolve: { alias: fonts },
  build: {
    outDir: 'dist',
    target: 'es2023',
    // The policy forbids data: fonts, and a small image is cached better as a file.
    assetsInlineLimit: 0,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:16686' } },
})

/**
 * The head of the page: a classic script that runs before the first paint (Vite bundles modules alone, and those wait for the
 * document), and an early request for the text's face, so that it does not change under the reader's eyes.
 */
function head(theme: string, early: string): Plugin {
  const textOf = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8')
  let fileName = ''
  let named: string[] = []
  return {
    name: 'head',
    generateBundle(_, bundle) {
      const files = filesOfPages(bundle)
      named = files.flatMap(([, ofPage]) => ofPage).map((file) => file.slice(1))
      const source = `${textOf(theme)}const PAGES = ${JSON.stringify(files)}\n${textOf(early)}`
      fileName = `assets/boot-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.js`
      this.emitFile({ type: 'asset', fileName, source })
    },
    writeBundle(_, bundle) {
      const missing = named.filter((file) => bundle[file] === undefined)
      if (missing.length > 0) throw new Error(`the page would ask early for what is not there: ${missing}`)
    },
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { server, bundle }) => {
        const script = { src: server === undefined ? `/${fileName}` : `/${theme}` }
        const face = Object.keys(bundle ?? {}).find((name) => /plex-sans.*\.woff2$/.test(name))
        const preload = { rel: 'preload', as: 'font', type: 'font/woff2', crossorigin: '', href: `/${face}` }
        return [
          { tag: 'script', attrs: script, injectTo: 'head-prepend' as const },
          ...(face === undefined ? [] : [{ tag: 'link', attrs: preload, injectTo: 'head-prepend' as const }]),
        ]
      },
    },
  }
}

type Bundle = Parameters<Extract<Plugin['generateBundle'], (...parameters: never[]) => unknown>>[1]

/** By pattern of an address, the files that its page needs and others do not. */
function filesOfPages(bundle: Bundle): [pattern: string, files: string[]][] {
  const chunks = Object.values(bundle).filter((file) => file.type === 'chunk')
  const filesFrom = (start: (chunk: (typeof chunks)[number]) => boolean) => {
    const first = chunks.filter(start).map(({ fileName }) => fileName)
    const files = new Set<string>()
    for (let next = first.pop(); next !== undefined; next = first.pop()) {
      const chunk = chunks.find(({ fileName }) => fileName === next)
      if (chunk === undefined || files.has(next)) continue
      // What is made of styles alone is no script in the end.
      if (!chunk.moduleIds.every((id) => id.endsWith('.css'))) files.add(next)
      for (const style of chunk.viteMetadata?.importedCss ?? []) files.add(style)
      first.push(...chunk.imports)
    }
    return files
  }
  const ofAll = filesFrom(({ isEntry }) => isEntry)
  return Object.entries(pages).map(([address, page]) => {
    const files = filesFrom(({ facadeModuleId }) => facadeModuleId?.endsWith(page) === true)
    if (files.size === 0) throw new Error(`${page} is no file that a route loads: vite.config.ts, pages`)
    return [
      `^${address.replaceAll('*', '[^/]+')}$`,
      [...files].filter((file) => !ofAll.has(file)).map((file) => `/${file}`),
    ]
  })
}
