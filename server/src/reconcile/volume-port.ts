/** Whose disk it is. `disk` is unique for ever: each attempt to make a volume has a disk of its own. */
export type VolumePlace = { disk: string; projectId: string; volumeId: string }

/** Where a volume is seen by one service. `folder` empty: all of it. */
export type MountedVolume = { volumeId: string; disk: string; path: string; folder: string }

/** Disks for services on this host. Every call may be repeated. */
export type VolumeStore = {
  /** What people should know of the disks here, for instance that the size is not enforced. */
  remark: string
  /** Makes an empty disk unless it is there. `sizeMb` counts where the store can enforce it. */
  create(place: VolumePlace, size: { sizeMb: number }): Promise<void>
  /** Removes a disk of this installation for good; `runtime_failed` while something uses it. */
  remove(disk: string): Promise<void>
  exists(disk: string): Promise<boolean>
  /** Megabytes in use; undefined where the store cannot tell cheaply. */
  usage(disk: string): Promise<number | undefined>
  /**
   * Everything on the disk as an uncompressed tar, in an order of names, below one folder `volume/`. Ends early, without
   * the two empty blocks at the end, when it was cut off. Writers are not held up meanwhile.
   */
  export(disk: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /** Unpacks such a tar on the disk, with owners and modes. */
  import(disk: string, data: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>
  /** Variables by which an instance finds its volumes, where the runtime cannot mount them at their path. */
  variables(mounts: readonly MountedVolume[]): Readonly<Record<string, string>>
}
