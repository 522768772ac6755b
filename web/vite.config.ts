import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  resolve: { conditions: ['@fairway/source', 'module', 'browser', 'development|production'] },
  server: {
    // `npm run dev -w web` beside a running server.
    proxy: { '/v1': { target: 'http://127.0.0.1:7420', ws: true } },
  },
  build: {
    target: 'es2023',
    sourcemap: true,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What nearly every page needs comes in few pieces: a browser asks a server for six at a time.
            {
              name: 'framework',
              test: /node_modules\/(react|react-dom|scheduler|@mantine|@tanstack|@floating-ui|@tabler)\//,
              minShareCount: 3,
            },
            { name: 'contract', test: /(\/contract\/src\/|node_modules\/zod\/)/, minShareCount: 3 },
            { name: 'parts', test: /\/web\/src\/(ui|api|pages)\//, minShareCount: 5 },
          ],
        },
      },
    },
  },
})
