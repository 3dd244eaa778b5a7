/** Builds the UI into dist, which Lens serves under a content security policy of its own origin alone. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

export default defineConfig({
  plugins: [react(), bootScript('src/boot/theme.js')],
  publicDir: false,
  build: {
    outDir: 'dist',
    target: 'es2023',
    // The policy forbids data: fonts, and a small image is cached better as a file.
    assetsInlineLimit: 0,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:16686' } },
})

/** A classic script that runs before the first paint. Vite bundles modules alone, and those wait for the document. */
function bootScript(path: string): Plugin {
  const source = readFileSync(join(import.meta.dirname, path), 'utf8')
  const fileName = `assets/theme-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.js`
  return {
    name: 'boot-script',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName, source })
    },
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { server }) => [
        {
          tag: 'script',
          attrs: { src: server === undefined ? `/${fileName}` : `/${path}` },
          injectTo: 'head-prepend',
        },
      ],
    },
  }
}
