/** File name of the little addon that opens TensorFlow's library quietly. */
export const QUIET_START_FILE = 'quiet_start.node';

/**
 * TensorFlow's library prints two lines about oneDNN from a static initializer, before any log level is read.
 * This addon, loaded first, opens the library with stderr shut unless TF_CPP_MIN_LOG_LEVEL is 0. A failure to
 * open is left to the main addon to report.
 */
export const QUIET_START_SOURCE = `
#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>
#include <cstdlib>
#include <string>

NAPI_MODULE_INIT() {
  const char *level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  Dl_info self;
  if (level == nullptr || level[0] == '0' || dladdr(reinterpret_cast<void *>(&napi_register_module_v1), &self) == 0)
    return exports;
  const std::string path(self.dli_fname);
  const std::string library =
      path.substr(0, path.rfind('/')) + "/tensorflow/libtensorflow_framework.so.2";
  const int kept = dup(STDERR_FILENO);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (kept < 0 || nowhere < 0) return exports;
  dup2(nowhere, STDERR_FILENO);
  dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL);
  dup2(kept, STDERR_FILENO);
  close(kept);
  close(nowhere);
  return exports;
}
`;
