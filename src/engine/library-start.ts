/** File name of the little addon that opens TensorFlow's library, and gives back what only opening it needed. */
export const LIBRARY_START_FILE = 'library_start.node';

/** What the addon exports. */
export interface LibraryStart {
  /**
   * Unmaps the library's pages that are only read from its file. Opening it reads symbol tables of over 100 MB that
   * nothing needs afterwards; code and constants come back from the page cache as they are used.
   */
  releaseFilePages(): void;
}

/**
 * TensorFlow's library prints two lines about oneDNN from a static initializer, before any log level is read.
 * This addon, loaded first, opens the library with stderr shut unless TF_CPP_MIN_LOG_LEVEL is 0. A failure to
 * open is left to the main addon to report.
 */
export const LIBRARY_START_SOURCE = `
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <node_api.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cstdlib>
#include <cstring>
#include <string>

static void OpenQuietly() {
  const char *level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  Dl_info self;
  if (level == nullptr || level[0] == '0' || dladdr(reinterpret_cast<void *>(&OpenQuietly), &self) == 0)
    return;
  const std::string path(self.dli_fname);
  const std::string library =
      path.substr(0, path.rfind('/')) + "/tensorflow/libtensorflow_framework.so.2";
  const int kept = dup(STDERR_FILENO);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (kept < 0 || nowhere < 0) return;
  dup2(nowhere, STDERR_FILENO);
  dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL);
  dup2(kept, STDERR_FILENO);
  close(kept);
  close(nowhere);
}

static int ReleaseSegments(struct dl_phdr_info *info, size_t, void *) {
  if (std::strstr(info->dlpi_name, "/libtensorflow") == nullptr) return 0;
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) &segment = info->dlpi_phdr[i];
    // A segment that was never writable is as it is in the file: the linker has put nothing into it.
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t from = info->dlpi_addr + segment.p_vaddr;
    const uintptr_t first = (from + page - 1) / page * page;
    const uintptr_t last = (from + segment.p_memsz) / page * page;
    if (last > first) madvise(reinterpret_cast<void *>(first), last - first, MADV_DONTNEED);
  }
  return 0;
}

static napi_value ReleaseFilePages(napi_env, napi_callback_info) {
  dl_iterate_phdr(ReleaseSegments, nullptr);
  return nullptr;
}

NAPI_MODULE_INIT() {
  OpenQuietly();
  napi_value release;
  if (napi_create_function(env, "releaseFilePages", NAPI_AUTO_LENGTH, ReleaseFilePages, nullptr, &release) == napi_ok)
    napi_set_named_property(env, exports, "releaseFilePages", release);
  return exports;
}
`;
