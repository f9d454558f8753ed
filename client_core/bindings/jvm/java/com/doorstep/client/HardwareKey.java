package com.doorstep.client;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECPoint;

/** A pair of keys on P-256 whose private half may be in hardware, as the core wants it: a point, and signatures in DER. */
final class HardwareKey {
  private static final int COORDINATE_BYTES = 32;

  private final KeyPair keys;
  private final byte[] point;

  HardwareKey(KeyPair keys) {
    if (!(keys.getPublic() instanceof ECPublicKey)
        || ((ECPublicKey) keys.getPublic()).getParams().getCurve().getField().getFieldSize() != 256) {
      throw new IllegalArgumentException("keys: must be on the curve P-256, are " + keys.getPublic().getAlgorithm());
    }
    this.keys = keys;
    ECPoint place = ((ECPublicKey) keys.getPublic()).getW();
    point = new byte[1 + 2 * COORDINATE_BYTES];
    point[0] = 4; // Uncompressed.
    write(place.getAffineX(), 1);
    write(place.getAffineY(), 1 + COORDINATE_BYTES);
  }

  /** 65 bytes. */
  byte[] point() {
    return point;
  }

  byte[] sign(byte[] message) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(keys.getPrivate());
    signature.update(message);
    return signature.sign();
  }

  /** A BigInteger has a byte more for its sign, or fewer where it begins with zeros. */
  private void write(BigInteger coordinate, int offset) {
    byte[] bytes = coordinate.toByteArray();
    int length = Math.min(bytes.length, COORDINATE_BYTES);
    System.arraycopy(bytes, bytes.length - length, point, offset + COORDINATE_BYTES - length, length);
  }
}
