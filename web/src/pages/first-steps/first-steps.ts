/** What the API says of a project on its way to its first release. `project: undefined`: there is none yet. */
export type Observed = {
  hasGitAccount: boolean
  project: ObservedProject | undefined
}

export type ObservedProject = {
  id: string
  services: readonly { id: string; serviceType: string; buildStatus: string | undefined }[]
  addons: number
  pipelines: readonly { id: string; stages: readonly ObservedStage[] }[]
}

type ObservedStage = { name: string; services: number; hasFlow: boolean; hasSucceeded: boolean }

export type Step = {
  id: 'project' | 'git' | 'service' | 'build' | 'target' | 'addon' | 'pipeline' | 'flow' | 'run'
  title: string
  /** What it is for, or what to do, in a sentence. */
  why: string
  done: boolean
  optional: boolean
  /** Where one does it; undefined while a step before it is missing. `#services` is a part of the project's page. */
  to: string | undefined
  /** Which part of that page. */
  tab?: string
}

type Words = Pick<Step, 'title' | 'why'> & { optional?: true }

const WORDS: Readonly<Record<Step['id'], Words>> = {
  project: {
    title: 'Create a project',
    why: 'It holds what is released together: services, jobs and addons.',
  },
  git: {
    title: 'Connect a git account',
    why: 'For private repositories, and for builds that start with a push. A public repository needs none.',
    optional: true,
  },
  service: {
    title: 'Create a service of a repository',
    why: 'A build service builds its branches; a combined service also runs one of them by itself.',
  },
  build: {
    title: 'See a build succeed',
    why: 'A combined service starts its first by itself; a build service has a button for it.',
  },
  target: {
    title: 'Create a deployment service',
    why: 'It stands in a stage, and runs there the builds that releases bring.',
  },
  addon: {
    title: 'Add a database',
    why: 'Where the service needs one: an addon with backups.',
    optional: true,
  },
  pipeline: {
    title: 'Put the deployment service into a stage of a pipeline',
    why: 'A pipeline takes a version from Development through Staging to Production.',
  },
  flow: {
    title: 'Write the release flow of the stage',
    why: 'Which steps a release takes, and in which order.',
  },
  run: { title: 'Run the first release', why: 'It ends with a receipt of what was changed.' },
}

const ORDER = Object.keys(WORDS) as Step['id'][]

/** The way to a first release, each step judged by nothing but what was observed. Pure. */
export function firstSteps({ hasGitAccount, project }: Observed): Step[] {
  const seen = project === undefined ? { project: NOT_YET } : seenOf(project)
  const git: Seen = { done: hasGitAccount, to: '/team/git-accounts' }
  return ORDER.map((id) => {
    const { done, to, tab } = { ...seen, git }[id] ?? NOT_YET
    return { optional: false, ...WORDS[id], id, done, to: done ? undefined : to, ...(tab && { tab }) }
  })
}

/** Whether a release of the project has ever succeeded. Pure. */
export const hasReleased = ({ pipelines }: ObservedProject): boolean =>
  pipelines.some(({ stages }) => stages.some(({ hasSucceeded }) => hasSucceeded))

type Seen = Pick<Step, 'done' | 'to' | 'tab'>

const NOT_YET: Seen = { done: false, to: undefined }

function seenOf(project: ObservedProject): Partial<Record<Step['id'], Seen>> {
  const at = `/projects/${project.id}`
  const built = project.services.filter(({ serviceType }) => serviceType !== 'deployment')
  const [service] = built
  const [pipeline] = project.pipelines
  const places = project.pipelines.flatMap(({ id, stages }) => stages.map((stage) => ({ ...stage, id })))
  const member = places.find(({ services }) => services > 0)
  const flow = places.find(({ hasFlow }) => hasFlow)
  return {
    project: { done: true, to: at },
    service: { done: service !== undefined, to: '#services' },
    build: {
      done: built.some(({ buildStatus }) => buildStatus === 'SUCCESS'),
      to: service && `${at}/services/${service.id}`,
      tab: 'builds',
    },
    target: {
      done: project.services.some(({ serviceType }) => serviceType === 'deployment'),
      to: '#services',
    },
    addon: { done: project.addons > 0, to: '#addons' },
    pipeline: {
      done: member !== undefined,
      to: pipeline === undefined ? '#pipelines' : `${at}/pipelines/${pipeline.id}`,
    },
    flow: {
      done: flow !== undefined,
      to: member && `${at}/pipelines/${member.id}/${member.name.toLowerCase()}/flow`,
    },
    run: { done: hasReleased(project), to: flow && `${at}/pipelines/${flow.id}` },
  }
}
