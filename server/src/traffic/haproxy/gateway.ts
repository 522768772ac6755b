/**
 * Brings HAProxy to a state and keeps it there. One thing at a time: changes that wait together are brought over
 * together, so that many services cost one reload. State and configuration are on disk before HAProxy is told, and a
 * change that HAProxy refuses is taken back.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FairwayError } from '@fairway/contract/errors'
import { writeBeside } from '../../lib/write-beside.ts'
import { syncCertificates, writeCertificateList } from './certificates.ts'
import type { GatewayState } from './gateway-state.ts'
import { checkConfig, reloadHaproxy, startHaproxy } from './haproxy-process.ts'
import { neededOf, planInstances } from './instance-plan.ts'
import type { MasterSocket, Processes } from './master-socket.ts'
import { type Rendered, renderConfig } from './render-config.ts'
import type { HaproxyFiles, HaproxySettings } from './settings.ts'
import { writeState } from './state-file.ts'
import { lookAtWorker, type SeenWorker } from './worker-view.ts'

export type GatewayLog = {
  info(fields: object, message: string): void
  error(fields: object, message: string): void
}

export type GatewayDeps = {
  settings: HaproxySettings
  files: HaproxyFiles
  socket: MasterSocket
  metrics: boolean
  log: GatewayLog
  /** Called when HAProxy is about to be started. */
  beforeStart(): Promise<void>
}

type Change = {
  make(state: GatewayState): GatewayState | Promise<GatewayState>
  resolve(): void
  reject(error: unknown): void
}

export class Gateway {
  readonly #deps: GatewayDeps
  #state: GatewayState
  #waiting: Change[] = []
  #turn: Promise<unknown> = Promise.resolve()
  #certificates = false
  #rendered: { state: GatewayState; rendered: Rendered } | undefined

  constructor(deps: GatewayDeps, state: GatewayState) {
    this.#deps = deps
    this.#state = state
  }

  get state(): GatewayState {
    return this.#state
  }

  /** Resolves when HAProxy serves the changed state; rejects when `make` throws or HAProxy refuses, and nothing changed. */
  change(make: Change['make']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ make, resolve, reject })
      void this.inTurn(() => this.#carryOut(this.#waiting.splice(0)))
    })
  }

  /** For what may not run beside a change. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work)
    this.#turn = next.then(
      () => undefined,
      () => undefined,
    )
    return next
  }

  /** Writes down what makes no difference to the configuration. In turn only. */
  async note(state: GatewayState): Promise<void> {
    this.#state = state
    await writeState(this.#deps.files.state, state)
  }

  /** Adopts or starts HAProxy and brings it to the state. In turn only. */
  async bring(next: GatewayState = this.#state): Promise<void> {
    const rendered = renderConfig(next, this.#deps)
    const running = await this.#deps.socket.processes()
    const seen = await this.#look(running)
    const reload = running !== undefined && seen?.structure !== rendered.structure
    await this.#write(next, rendered, seen?.structure !== rendered.structure)
    if (running === undefined) await this.#start()
    if (seen !== undefined) await this.#tell(seen, rendered, !reload)
    if (reload) await this.#reload(rendered)
    if (running === undefined || reload) await this.#confirm(rendered)
    if (!this.#certificates || next.certificates !== this.#state.certificates)
      await this.#syncCertificates(next)
    this.#state = next
  }

  /** The worker that takes new connections, when HAProxy runs. */
  async current(): Promise<SeenWorker | undefined> {
    return await this.#look(await this.#deps.socket.processes())
  }

  rendered(): Rendered {
    if (this.#rendered?.state !== this.#state)
      this.#rendered = { state: this.#state, rendered: renderConfig(this.#state, this.#deps) }
    return this.#rendered.rendered
  }

  async #carryOut(changes: Change[]): Promise<void> {
    let next = this.#state
    const accepted: Change[] = []
    for (const change of changes) {
      try {
        next = await change.make(next)
        accepted.push(change)
      } catch (error) {
        change.reject(error)
      }
    }
    if (accepted.length === 0) return
    try {
      await this.#bringSurely(next)
      for (const change of accepted) change.resolve()
    } catch (error) {
      await this.#takeBack(error)
      // One of them is refused: the others shall not suffer for it.
      if (accepted.length > 1) for (const change of accepted) await this.#carryOut([change])
      else accepted[0]?.reject(error)
    }
  }

  /** HAProxy may end meanwhile, however that came: it is started with the change. */
  async #bringSurely(next: GatewayState): Promise<void> {
    try {
      await this.bring(next)
    } catch (error) {
      if ((await this.#deps.socket.processes()) !== undefined) throw error
      await this.bring(next)
    }
  }

  async #takeBack(reason: unknown): Promise<void> {
    this.#deps.log.error({ err: reason }, 'HAProxy refused a change, which is taken back')
    await this.bring().catch((error: unknown) =>
      this.#deps.log.error({ err: error }, 'HAProxy could not be brought back; this is tried again'),
    )
  }

  async #look(running: Processes | undefined): Promise<SeenWorker | undefined> {
    const pid = running?.current?.pid
    return pid === undefined ? undefined : await lookAtWorker(this.#deps.socket, pid)
  }

  async #write(state: GatewayState, { text, maps }: Rendered, check: boolean): Promise<void> {
    const { files, settings } = this.#deps
    await mkdir(files.maps, { recursive: true, mode: 0o700 })
    for (const { path, content } of check ? maps : [])
      await writeFile(files.at(path), content, { mode: 0o600 })
    await writeCertificateList(files, state)
    if (check) {
      const proposed = files.at('haproxy.cfg.proposed')
      await writeFile(proposed, text, { mode: 0o600 })
      await checkConfig(settings, 'haproxy.cfg.proposed')
    }
    await writeState(files.state, state)
    await writeBeside(files.config, text)
  }

  async #start(): Promise<void> {
    await this.#deps.beforeStart()
    const { master } = await startHaproxy(this.#deps.settings, this.#deps.files, this.#deps.socket)
    this.#certificates = true
    this.#deps.log.info({ pid: master }, 'HAProxy started')
  }

  /** Instances, without a reload. Before a reload as well: what still comes to the old worker finds the new ones. */
  async #tell(seen: SeenWorker, rendered: Rendered, confirm: boolean): Promise<void> {
    const { added, drained } = planInstances(rendered.backends, seen)
    for (const [index, commands] of [added, drained].entries()) {
      if (commands.length === 0) continue
      const answer = await this.#deps.socket.ask(seen.pid, commands)
      // What was not taken in replaces nothing.
      if (confirm && index === 0) await this.#confirm(rendered, { answer, only: 'added' })
      else if (confirm) await this.#confirm(rendered, { answer })
    }
  }

  async #reload({ structure, maps }: Rendered): Promise<void> {
    const { files, socket, log } = this.#deps
    await reloadHaproxy(
      files,
      socket,
      async (pid) => (await lookAtWorker(socket, pid)).structure === structure,
    )
    this.#certificates = true
    log.info({ structure }, 'HAProxy reloaded')
    for (const name of await readdir(files.maps)) {
      if (!maps.some(({ path }) => path.endsWith(`/${name}`)))
        await rm(join(files.maps, name), { force: true })
    }
  }

  async #confirm(
    { backends, structure }: Rendered,
    { answer = '', only }: { answer?: string; only?: 'added' } = {},
  ): Promise<void> {
    const seen = await this.current()
    const plan = seen && seen.structure === structure ? planInstances(backends, seen) : undefined
    const missing = plan === undefined ? ['its worker'] : only === 'added' ? plan.added : neededOf(plan)
    if (missing.length === 0) return
    throw new FairwayError('traffic_failed', 'HAProxy does not serve what it was told; see its log.', {
      detail: `${missing.slice(0, 5).join('; ')} ${answer.trim()}`.slice(0, 1_000),
    })
  }

  async #syncCertificates(state: GatewayState): Promise<void> {
    const { socket, files, settings } = this.#deps
    const pid = (await socket.processes())?.current?.pid
    if (settings.httpsPort === undefined || pid === undefined) return
    await syncCertificates(socket, pid, { files, state })
    this.#certificates = true
  }
}
