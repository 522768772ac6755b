import { type Engine, engineStatusOf } from '../../lib/docker/engine.ts'
import { isAbsentThere, isConflict } from './engine-answers.ts'
import { filterOf, LABEL } from './names.ts'

type Labels = Readonly<Record<string, string>>

/** Makes the project's network unless it is there. Its instances are in the same one. */
export async function presentNetwork(engine: Engine, name: string, labels: Labels): Promise<void> {
  const found = await engine.listNetworks({ filters: { name: [name] } })
  if (found.some(({ Name }) => Name === name)) return
  try {
    await engine.createNetwork({
      Name: name,
      Driver: 'bridge',
      // Without it the engine makes a second network of the same name.
      CheckDuplicate: true,
      Labels: projectLabels(labels),
    })
  } catch (error) {
    if (!isConflict(error)) throw error
  }
}

/** Removes the project's network when the project has no containers left. */
export async function releaseNetwork(engine: Engine, name: string, labels: Labels): Promise<void> {
  const left = await engine.listContainers({ all: true, filters: filterOf(projectLabels(labels)) })
  if (left.length > 0) return
  try {
    await engine.getNetwork(name).remove()
  } catch (error) {
    // Gone already, or a container joined it meanwhile.
    if (!isAbsentThere(error) && !isConflict(error) && engineStatusOf(error) !== 403) throw error
  }
}

const projectLabels = (labels: Labels): Record<string, string> => ({
  [LABEL.installation]: labels[LABEL.installation] ?? '',
  [LABEL.project]: labels[LABEL.project] ?? '',
})
