/**
 * `npm run bench [-- flows rollouts gateway api triggers web web-live]`: measures and prints; asserts nothing. Figures depend on the
 * machine: the ratios against a peer or a floor of the same run are what to quote.
 */
import { cpus } from 'node:os'
import { benchApi } from './api.ts'
import { benchDocker } from './docker.ts'
import { benchFlows } from './flows.ts'
import { benchHaproxy } from './haproxy.ts'
import { benchRollouts } from './rollouts.ts'
import { benchGateway } from './run-gateway.ts'
import { benchTriggers } from './triggers.ts'
import { benchWeb } from './web.ts'
import { benchWebLive } from './web-live.ts'

const benches: Readonly<Record<string, () => Promise<void>>> = {
  flows: benchFlows,
  rollouts: benchRollouts,
  docker: benchDocker,
  haproxy: benchHaproxy,
  gateway: benchGateway,
  api: benchApi,
  triggers: benchTriggers,
  web: benchWeb,
  'web-live': benchWebLive,
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(benches, name))
if (unknown.length > 0) {
  process.stderr.write(`Unknown: ${unknown.join(', ')}. There are: ${Object.keys(benches).join(', ')}\n`)
  process.exit(2)
}
process.stdout.write(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}\n`)
for (const [name, bench] of Object.entries(benches)) {
  if (asked.length === 0 || asked.includes(name)) await bench()
}
