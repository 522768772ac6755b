import type { ProcessLimits } from './shapes.ts'

/** The compute plans that are known, with the limits that one instance of them gets. */
export const plans = {
  'nf-compute-10': { cpuMillis: 100, memoryMb: 256 },
  'nf-compute-20': { cpuMillis: 200, memoryMb: 512 },
  'nf-compute-50': { cpuMillis: 500, memoryMb: 1024 },
  'nf-compute-50-1': { cpuMillis: 500, memoryMb: 1024 },
  'nf-compute-100-1': { cpuMillis: 1000, memoryMb: 1024 },
  'nf-compute-100-2': { cpuMillis: 1000, memoryMb: 2048 },
  'nf-compute-100-4': { cpuMillis: 1000, memoryMb: 4096 },
  'nf-compute-200': { cpuMillis: 2000, memoryMb: 4096 },
  'nf-compute-200-4': { cpuMillis: 2000, memoryMb: 4096 },
  'nf-compute-200-8': { cpuMillis: 2000, memoryMb: 8192 },
  'nf-compute-200-16': { cpuMillis: 2000, memoryMb: 16_384 },
  'nf-compute-400': { cpuMillis: 4000, memoryMb: 8192 },
  'nf-compute-400-8': { cpuMillis: 4000, memoryMb: 8192 },
  'nf-compute-400-16': { cpuMillis: 4000, memoryMb: 16_384 },
  'nf-compute-800-8': { cpuMillis: 8000, memoryMb: 8192 },
  'nf-compute-800-16': { cpuMillis: 8000, memoryMb: 16_384 },
  'nf-compute-800-24': { cpuMillis: 8000, memoryMb: 24_576 },
  'nf-compute-800-32': { cpuMillis: 8000, memoryMb: 32_768 },
  'nf-compute-1200-24': { cpuMillis: 12_000, memoryMb: 24_576 },
  'nf-compute-1600-32': { cpuMillis: 16_000, memoryMb: 32_768 },
} as const satisfies Record<string, Required<Pick<ProcessLimits, 'cpuMillis' | 'memoryMb'>>>

export type PlanName = keyof typeof plans
export const planNames = Object.keys(plans) as [PlanName, ...PlanName[]]

/** What one instance may use: explicit `resources` win over the plan; neither means no limit. */
export function limitsOf(spec: {
  billing?: { deploymentPlan?: PlanName | undefined } | undefined
  resources?: { cpuMillis?: number | undefined; memoryMb?: number | undefined } | undefined
}): ProcessLimits {
  const plan = spec.billing?.deploymentPlan
  const { cpuMillis, memoryMb } = spec.resources ?? {}
  return {
    ...(plan && plans[plan]),
    ...(cpuMillis !== undefined && { cpuMillis }),
    ...(memoryMb !== undefined && { memoryMb }),
  }
}
