/** What one running copy may use. Absent: no limit. */
export type ProcessLimits = { cpuMillis?: number; memoryMb?: number }
