package com.doorstep.client;

/** In the order of the core's numbers. */
public enum LogLevel {
  DEBUG,
  INFO,
  WARNING,
  ERROR
}
