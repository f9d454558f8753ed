// What Swift's `import CDoorstep` sees.
@import CDoorstep;

int main(void) {
  doorstep_options options = {sizeof(options)};
  doorstep_core* core = 0;
  doorstep_result_free(doorstep_open(&options, &core));
  doorstep_close(core);
  return (int)doorstep_abi_version() - DOORSTEP_ABI_VERSION;
}
