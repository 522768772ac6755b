import { arrayFunctions } from './arrays.ts'
import type { FlowFunction } from './function.ts'
import { logicFunctions } from './logic.ts'
import { mathsFunctions } from './maths.ts'
import { objectFunctions } from './objects.ts'
import { textFunctions } from './text.ts'
import { valueFunctions } from './values.ts'

/** Every function, in the order of the reference. */
export const flowFunctions: readonly FlowFunction[] = [
  ...textFunctions,
  ...logicFunctions,
  ...mathsFunctions,
  ...objectFunctions,
  ...arrayFunctions,
  ...valueFunctions,
]

const byName = new Map(flowFunctions.map((entry) => [entry.name, entry]))

export const functionNamed = (name: string): FlowFunction | undefined => byName.get(name)

/** What is wrong with so many arguments. Undefined: nothing. */
export function arityProblem(entry: FlowFunction, count: number): string | undefined {
  if (count >= entry.minArgs && count <= entry.maxArgs) return undefined
  return `fn.${entry.name}(${entry.signature}) does not take ${count} argument${count === 1 ? '' : 's'}`
}
