import { readConfig } from './config.ts'
import { examine } from './doctor/look.ts'
import { readInstallation } from './installation/open-installation.ts'

/** Prints what `fairway doctor` sees as one JSON line; the command line makes it readable. */
async function main(): Promise<void> {
  const config = readConfig()
  const recorded = await readInstallation(config.dataFolder)
  const docker = recorded === undefined ? config.parts.runtime === 'docker' : recorded.runtime === 'docker'
  process.stdout.write(`${JSON.stringify(await examine(config, { docker }))}\n`)
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
