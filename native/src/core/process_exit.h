// The end of the process. exit(3) runs destructors and atexit handlers, libcrypto's among them, while our threads are still
// there: so they are brought to rest first.
#ifndef PADATA_CORE_PROCESS_EXIT_H_
#define PADATA_CORE_PROCESS_EXIT_H_

namespace padata {

// Any thread. No parallel() and no native serial() begins any more, in the whole process; then waits until none is running, but
// a second at the most: a job that takes longer does not keep the process from ending.
void QuiesceForExit();

}  // namespace padata

#endif  // PADATA_CORE_PROCESS_EXIT_H_
