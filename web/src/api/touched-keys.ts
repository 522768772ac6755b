type Happening = { projectId: string | null; topic: string; subject: string }

const FOLDERS: Readonly<Record<string, string>> = {
  service: 'services',
  instance: 'services',
  job: 'jobs',
  'job-run': 'jobs',
  addon: 'addons',
  backup: 'addons',
  volume: 'volumes',
  secret: 'secrets',
}

/**
 * Which reads an event makes stale, as key prefixes. Pure. Runs and builds show in several places, so what holds them
 * in the project is read again.
 */
export function touchedKeys({ projectId, topic, subject }: Happening): string[][] {
  if (projectId === null) return [['projects']]
  const project = ['projects', projectId]
  if (topic === 'run') return [[...project, 'pipelines']]
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
