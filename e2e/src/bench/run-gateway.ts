import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The gateway's own benchmark, with kept connections and with a connection a request. */
export async function benchGateway(): Promise<void> {
  const program = fileURLToPath(new URL('./gateway.js', import.meta.url))
  for (const flags of [[], ['--fresh']]) {
    process.stdout.write(
      `\n### Gateway, ${flags.length === 0 ? 'kept connections' : 'a connection a request'}\n\n`,
    )
    spawnSync(process.execPath, [program, ...flags], { stdio: 'inherit' })
  }
}
