import type { ImageFollow } from '@fairway/contract/resources/deployment'
import { jobBody } from '@fairway/contract/resources/job'
import { serviceBodies } from '@fairway/contract/resources/service'
import { type Db, transaction } from '../db/db.ts'
import { withTestDb } from '../db/test-db.ts'
import { schedule } from '../db/work.ts'
import { createSealer } from '../lib/seal.ts'
import { type Life, startLife } from '../lib/test-life.ts'
import { until } from '../lib/test-until.ts'
import { createJob } from '../operations/jobs/save.ts'
import { withImages } from '../operations/registries/external-image.ts'
import { deployByHand } from '../operations/services/deploy-source.ts'
import { createService } from '../operations/services/save.ts'
import { hostPlatform } from '../registries/platform.ts'
import { newRepository, pushImage, REGISTRY } from '../registries/test-registry.ts'
import { IMAGES_ALL } from './image-checks.ts'
import { startImageWorker, testImages, testMasterKey } from './image-checks-test-world.ts'

const sealer = createSealer(testMasterKey)
const WEB = { projectId: 'shop', serviceId: 'web' }

export class ImageWorld {
  readonly db: Db
  readonly connectionString: string
  readonly repository = newRepository()
  constructor(db: Db, connectionString: string) {
    this.db = db
    this.connectionString = connectionString
  }

  get path(): string {
    return `${REGISTRY}/${this.repository}`
  }
  push = async (tag: string): Promise<string> =>
    `${this.path}@${await pushImage(this.repository, tag, hostPlatform())}`

  #deploying = <T>(
    work: (images: Parameters<Parameters<typeof withImages>[1]>[0]) => Promise<T>,
  ): Promise<T> => withImages({ db: this.db, sealer, resolveImage: testImages.resolve }, work)

  service(tag: string, follow: ImageFollow) {
    const external = { imagePath: `${this.path}:${tag}`, follow }
    const body = serviceBodies.deployment.parse({ name: 'web', deployment: { external } })
    return this.#deploying((images) =>
      transaction(this.db, (tx) =>
        createService(tx, { kind: 'deployment', projectId: 'shop', actor: 'ann', images }, body, sealer),
      ),
    )
  }

  job(tag: string, follow: ImageFollow, runOnSourceChange: string) {
    const external = { imagePath: `${this.path}:${tag}`, follow }
    const body = jobBody.parse({
      name: 'migrate',
      settings: { runOnSourceChange },
      deployment: { external },
    })
    return this.#deploying((images) =>
      transaction(this.db, (tx) => createJob(tx, { projectId: 'shop', actor: 'ann', images }, body, sealer)),
    )
  }

  deployByHand(tag: string, follow?: ImageFollow) {
    const external = { imagePath: `${this.path}:${tag}`, ...(follow && { follow }) }
    return this.#deploying((images) =>
      transaction(this.db, (tx) => deployByHand(tx, { ...WEB, actor: 'ann', images }, { external }, sealer)),
    )
  }

  revisions = () => this.db.selectFrom('revision').selectAll().orderBy('created_at').execute()
  verdicts = () => this.db.selectFrom('trigger_verdict').selectAll().orderBy('event_number').execute()
  follow = () => this.db.selectFrom('image_follow').selectAll().executeTakeFirst()

  runs = async (digest: string): Promise<void> => {
    await until(`the deployment of ${digest}`, async () => {
      const rows = await this.db
        .selectFrom('service')
        .innerJoin('revision', 'revision.id', 'service.desired_revision')
        .select('revision.artifact_digest')
        .execute()
      return rows[0]?.artifact_digest === digest
    })
  }

  /** Waits until another look has been taken since now. */
  async looks(): Promise<void> {
    const before = (await this.follow())?.checked_at ?? new Date(0)
    await until('another look', async () => ((await this.follow())?.checked_at ?? before) > before)
  }

  live(point = ''): Life {
    return startLife('image-checks-test-world.ts', import.meta.url, [this.connectionString, point])
  }
}

export const withImageWorld = (work: (world: ImageWorld) => Promise<void>, hasWorker = true): Promise<void> =>
  withTestDb(async (db, { connectionString }) => {
    await db.insertInto('project').values({ id: 'shop', name: 'Shop' }).execute()
    await schedule(db, 'image_check', IMAGES_ALL)
    const worker = hasWorker ? await startImageWorker(connectionString) : undefined
    try {
      await work(new ImageWorld(db, connectionString))
    } finally {
      await worker?.stop()
    }
  })
