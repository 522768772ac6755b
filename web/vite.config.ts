import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  resolve: { conditions: ['@fairway/source', 'module', 'browser', 'development|production'] },
  server: {
    // `npm run dev -w web` beside a running server.
    proxy: { '/v1': { target: 'http://127.0.0.1:7420', ws: true } },
  },
  build: { target: 'es2023', sourcemap: true, chunkSizeWarningLimit: 700 },
})
