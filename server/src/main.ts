import { startApp } from './app.ts'
import { readConfig } from './config.ts'

/** Starts the control plane and runs it until a signal. Instances, addons and the gateway go on without it. */
async function main(): Promise<void> {
  const app = await startApp(readConfig())
  process.stdout.write(
    `Fairway: API ${app.url}, documentation ${app.url}/v1/docs, services ${app.publicUrl}\n`,
  )
  const signal = new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name))
  })
  const why = await Promise.race([signal, app.lost])
  if (why instanceof Error) app.log.error({ err: why }, 'the database was lost; stopping')
  else app.log.info({ signal: why }, 'stopping')
  await app.stop()
  process.exitCode = why instanceof Error ? 1 : 0
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  if (error instanceof Error && error.cause !== undefined) process.stderr.write(`${String(error.cause)}\n`)
  process.exitCode = 1
}
