/** One revision of a source: immutable, content-addressed, never a working directory. */

export interface Commit {
  /** Full hexadecimal id. */
  id: string;
  /** Name of the author, without the address. */
  author: string;
  /** First line of the message. */
  subject: string;
  /** Time of the commit, as RFC 3339. */
  time: string;
}

export type EntryMode = "file" | "executable" | "symlink" | "submodule";

export interface TreeEntry {
  /** Relative to the snapshot's root, with `/`; never absolute, never with `..`. */
  path: string;
  mode: EntryMode;
  /** Content address: two entries of one id have the same bytes. */
  blob: string;
}

/** One name in a directory. */
export interface Child {
  name: string;
  mode: EntryMode | "directory";
  /** As {@link TreeEntry.blob}; directories have none. */
  blob?: string;
}

export interface Snapshot {
  /** As status and `Application.status.revision` say it, e.g. `main@sha1:<sha>`. */
  readonly revision: string;
  readonly commit: Commit;
  /**
   * The entries below a directory (`""` is the root), recursive, sorted by path.
   * @throws Problem PathNotFound when the revision has no such directory.
   */
  list(directory: string): Promise<readonly TreeEntry[]>;
  /**
   * What is at a path, without following links: neither the last one nor any on the way to it.
   * @throws Problem InvalidManifest when the name is one that Mooring refuses
   */
  entry(path: string): Promise<TreeEntry | "directory" | undefined>;
  /**
   * What is directly in a directory, sorted by name; undefined when there is no such directory.
   * Costs as much as there are children, however much is below them.
   * @throws Problem InvalidManifest when a name in it is one that Mooring refuses
   */
  children(directory: string): Promise<readonly Child[] | undefined>;
  /**
   * The bytes of blobs, fetched in one batch where they are missing.
   * @throws Problem SourceUnreachable; never answers with fewer blobs than asked for.
   */
  read(blobs: readonly string[]): Promise<ReadonlyMap<string, Buffer>>;
}
