import { onParentEnd } from "./cluster/parent.ts";

// A worker ends with the run that started it; its control planes and servers end with it.
onParentEnd(() => process.kill(process.pid, "SIGKILL"));
