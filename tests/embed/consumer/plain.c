/* A program in C that is linked by hand or by pkg-config. */
#include <doorstep/doorstep.h>
#include <stdio.h>

int main(void) {
  doorstep_options options = {0};
  options.size = sizeof(options);
  options.clock.size = sizeof(options.clock);
  options.directory = "/nonexistent";
  doorstep_core* core = NULL;
  doorstep_result* result = doorstep_open(&options, &core);
  printf("%s %s: %s\n", doorstep_version(), doorstep_code_name(doorstep_result_code(result)),
         doorstep_result_message(result));
  const int refused = doorstep_result_code(result) != DOORSTEP_OK;
  doorstep_result_free(result);
  return refused && doorstep_abi_version() == DOORSTEP_ABI_VERSION ? 0 : 1;
}
