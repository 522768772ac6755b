import { config } from 'zod'

// The content policy forbids code made at run time, and zod would try it. Imported before any schema.
config({ jitless: true })
