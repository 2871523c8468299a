// Loaded before Mooring when the launcher runs it under another Node: a launcher that was killed
// cannot forward a signal, so the end of its channel stands for SIGTERM.
if (process.channel) {
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel.unref();
}
