/** Builds the UI into dist, which Lens serves under a content security policy of its own origin alone. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist',
    target: 'es2023',
    // The policy forbids data: fonts, and a small image is cached better as a file.
    assetsInlineLimit: 0,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:16686' } },
})
