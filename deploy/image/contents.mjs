// What is in the image, and nothing else: no shell, no package manager. The Dockerfile and the tests
// stage it by stage.mjs from this one list. Plain JavaScript for Node 20, no dependencies.

/** Programs, each with the libraries that it is linked to. `from` is where a Debian has it. */
export const programs = [
  { to: "/usr/bin/git", from: "/usr/bin/git" },
  // Fetches over HTTP and HTTPS; the rest of what git runs is git itself.
  { to: "/usr/lib/git-core/git-remote-http", from: "/usr/lib/git-core/git-remote-http" },
];

/** Symbolic links. */
export const links = [
  { at: "/usr/lib/git-core/git", to: "../../bin/git" },
  { at: "/usr/lib/git-core/git-remote-https", to: "git-remote-http" },
  // As Debian has them: programs name their loader and libraries below /lib.
  { at: "/bin", to: "usr/bin" },
  { at: "/lib", to: "usr/lib" },
  { at: "/lib64", to: "usr/lib64" },
];

/** Files of the system. */
export const files = [
  { to: "/etc/ssl/certs/ca-certificates.crt", from: "/etc/ssl/certs/ca-certificates.crt" },
  // For scanners: of which Debian the libraries are.
  { to: "/etc/os-release", from: "/etc/os-release" },
];

const user = 65532;

/** Files that are written here. */
export const texts = [
  {
    to: "/etc/passwd",
    text: `root:x:0:0:root:/:/nologin\nmooring:x:${user}:${user}:mooring:/data:/nologin\n`,
  },
  { to: "/etc/group", text: `root:x:0:\nmooring:x:${user}:\n` },
  { to: "/etc/nsswitch.conf", text: "hosts: files dns\n" },
];

/** Where a pod mounts what may be written. */
export const directories = ["/data", "/tmp"];

/** Of the checkout, once it is built. */
export const application = [
  { to: "/app/package.json", from: "package.json" },
  { to: "/app/dist", from: "dist" },
  { to: "/app/renderers/build", from: "renderers/build" },
];

/** Of packages and of dist nothing reads these at run time. Licences stay. */
export const leftOut = /\.(?:map|md|markdown|[cm]?ts)$/;
