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

export default defineConfig({
  plugins: [react(), head('src/boot/theme.js')],
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
function head(scriptPath: string): Plugin {
  const source = readFileSync(join(import.meta.dirname, scriptPath), 'utf8')
  const fileName = `assets/theme-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.js`
  return {
    name: 'head',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName, source })
    },
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { server, bundle }) => {
        const script = { src: server === undefined ? `/${fileName}` : `/${scriptPath}` }
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
