import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { freePort } from '../../lib/free-port.ts'

const SSHD = '/usr/sbin/sshd'

/** Whether OpenSSH's server is on this machine. Under CI it must be. */
export const sshdHere = existsSync(SSHD)
if (!sshdHere && process.env.CI === 'true')
  throw new Error('install openssh-server: its tests must run under CI')

export type TestSshd = {
  port: number
  /** `ssh://user@127.0.0.1:port`, to be followed by a path. */
  url: string
  /** What the server logged. */
  log(): string
  stop(): Promise<void>
}

/** A key pair; answers the path of the private half. */
export async function makeKey(folder: string, name: string): Promise<string> {
  const file = join(folder, name)
  await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file])
  return file
}

/**
 * OpenSSH's server on loopback with a configuration, a host key and a list of keys of its own: who shows `key` may run
 * what git asks for, nobody else anything.
 */
export async function startSshd(
  folder: string,
  { key, port }: { key: string; port?: number },
): Promise<TestSshd> {
  await mkdir(folder, { recursive: true })
  const hostKey = await makeKey(folder, 'host')
  const authorized = join(folder, 'authorized_keys')
  await writeFile(authorized, await readFile(`${key}.pub`, 'utf8'), { mode: 0o600 })
  // What the server wants of the machine when it runs as root.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true })
  const chosen = port ?? (await freePort())
  const config = join(folder, 'config')
  await writeFile(
    config,
    [
      `Port ${chosen}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${authorized}`,
      'PidFile none',
      'UsePAM no',
      'StrictModes no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'LogLevel VERBOSE',
    ].join('\n'),
  )
  const child = spawn(SSHD, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  await listening(chosen, child, () => log)
  return {
    port: chosen,
    url: `ssh://${userInfo().username}@127.0.0.1:${chosen}`,
    log: () => log,
    stop: async () => {
      if (child.exitCode !== null) return
      child.kill()
      await once(child, 'exit')
    },
  }
}

async function listening(port: number, child: ChildProcess, log: () => string): Promise<void> {
  const deadline = performance.now() + 15_000
  for (;;) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`sshd did not start: ${log()}`)
    const socket = connect(port, '127.0.0.1')
    const isUp = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isUp) return
    await delay(20)
  }
}
