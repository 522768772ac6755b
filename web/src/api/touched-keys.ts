type Happening = { projectId: string | null; topic: string; subject: string; type: string }

const FOLDERS: Readonly<Record<string, string>> = {
  service: 'services',
  instance: 'services',
  job: 'jobs',
  'job-run': 'jobs',
  addon: 'addons',
  backup: 'addons',
  volume: 'volumes',
  trigger: 'triggers',
}

/** What the team has beside projects: it changes seldom, so all of it is read again. */
const TEAM_WIDE = [
  'projects',
  'templates',
  'tags',
  'tokens',
  'domains',
  'certificates',
  'integrations',
  'backup-destinations',
].map((folder) => [folder])

/**
 * Which reads an event makes stale, as key prefixes. Pure. Runs and builds show in several places, so what holds them
 * in the project is read again, and the project itself when what it has becomes more or less.
 */
export function touchedKeys({ projectId, topic, subject, type }: Happening): string[][] {
  if (projectId === null) return TEAM_WIDE
  const project = ['projects', projectId]
  if (/creat|delet/.test(type)) return [project]
  if (topic === 'run')
    return [
      [...project, 'pipelines'],
      [...project, 'templates'],
    ]
  if (topic === 'build')
    return [
      [...project, 'services'],
      [...project, 'jobs'],
    ]
  const folder = FOLDERS[topic]
  if (folder === undefined) return [project]
  const [, id] = subject.split('/')
  return [id === undefined ? [...project, folder] : [...project, folder, id], [...project, folder]]
}
