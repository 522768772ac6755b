import './zod-without-eval.ts'

// Loaded after the line above has run: schemas are made while their modules load.
await import('./app.tsx')
