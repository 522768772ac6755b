/** What one running copy may use. Absent: no limit (`pids`: the runtime's own). */
export type ProcessLimits = {
  cpuMillis?: number
  memoryMb?: number
  /** Size of /dev/shm. */
  shmMb?: number
  /** Of the instance's own writable disk, where the runtime can limit it. */
  ephemeralMb?: number
  pids?: number
}
