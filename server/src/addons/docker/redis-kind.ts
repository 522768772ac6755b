import { FairwayError } from '@fairway/contract/errors'
import type { AddonSettings } from '../../reconcile/addon-port.ts'
import type { AddonKind } from './addon-kind.ts'
import { CommandFailed, runCommand, textOf } from './run-command.ts'

export const redisKind: AddonKind = {
  type: 'redis',
  name: 'Redis',
  major: '7',
  port: 6379,
  backupTypes: ['snapshot'],
  async *read({ container }, { settings, signal }) {
    try {
      yield* runCommand(container, { args: ['snapshot'], input: passwordLine(settings), signal })
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error
      throw new FairwayError('backup_failed', 'Redis could not write a snapshot. The log says why.', {
        cause: error,
        detail: error.words,
      })
    }
  },
  load: async () => {
    throw new FairwayError('not_supported', 'Redis has no dumps. Restore a snapshot.')
  },
  // The server reads every key, and checks the file's checksum, before it answers at all.
  verify: async ({ container }, { settings, signal }) => {
    const input = passwordLine(settings)
    const text = await textOf(runCommand(container, { args: ['count'], input, signal }))
    const [tables = 0, rows = 0] = text.trim().split(' ').map(Number)
    return { tables, rows }
  },
}

async function* passwordLine({ adminPassword }: AddonSettings): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${adminPassword}\n`)
}
