// `npm run build`: types and programs, then the web application.
import { build, install } from './prepare.mjs'

install()
process.exit(build().ok ? 0 : 1)
